{{- define "udi.labels" -}}
app.kubernetes.io/name: udi
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "udi.selector" -}}
app.kubernetes.io/name: udi
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "udi.image" -}}
{{ required "images.prefix is the registry and the beginning of the images' names" .root.Values.images.prefix }}-{{ .part }}:{{ .root.Values.images.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "udi.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "udi.container" -}}
image: {{ include "udi.image" . }}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
envFrom:
  - configMapRef: {name: {{ .root.Release.Name }}-settings}
{{- end }}

{{- define "udi.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "udi.podSecurity" . | nindent 2 }}
{{- with .Values.images.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "udi.probes" -}}
readinessProbe:
  exec: {command: [udi-healthy, {{ .port | quote }}, {{ .path }}]}
  periodSeconds: 5
  timeoutSeconds: 5
livenessProbe:
  tcpSocket: {port: web}
  periodSeconds: 20
  failureThreshold: 6
startupProbe:
  tcpSocket: {port: web}
  periodSeconds: 5
  failureThreshold: 36
{{- end }}
