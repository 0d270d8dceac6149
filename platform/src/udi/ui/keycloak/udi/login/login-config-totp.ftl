<#import "template.ftl" as layout><#import "fields.ftl" as fields><#import "password-commons.ftl" as sessions>
<#assign manual = (mode!'') == 'manual'>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('totp', 'userLabel'); section>
<#if section = "header">${msg("loginTotpTitle")}
<#elseif section = "form">
<ol class="flow">
<li><p>${msg("loginTotpStep1")}</p>
<ul><#list totp.supportedApplications as app><li>${msg(app)}</li></#list></ul></li>
<#if manual>
<li><p>${msg("loginTotpManualStep2")}</p><p><code>${totp.totpSecretEncoded}</code></p><p><a href="${totp.qrUrl}">${msg("loginTotpScanBarcode")}</a></p></li>
<li><p>${msg("loginTotpManualStep3")}</p>
<dl class="facts"><div><dt>${msg("loginTotpType")}</dt><dd>${msg("loginTotp." + totp.policy.type)}</dd></div><div><dt>${msg("loginTotpAlgorithm")}</dt><dd>${totp.policy.getAlgorithmKey()}</dd></div><div><dt>${msg("loginTotpDigits")}</dt><dd>${totp.policy.digits}</dd></div>
<#if totp.policy.type = "totp"><div><dt>${msg("loginTotpInterval")}</dt><dd>${totp.policy.period}</dd></div><#else><div><dt>${msg("loginTotpCounter")}</dt><dd>${totp.policy.initialCounter}</dd></div></#if></dl></li>
<#else>
<li><p>${msg("loginTotpStep2")}</p><p><img src="data:image/png;base64,${totp.totpSecretQrCode}" width="240" height="240" alt="${msg("udiBarcode")}"></p><p><a href="${totp.manualUrl}">${msg("loginTotpUnableToScan")}</a></p></li>
</#if>
<li><p>${msg("loginTotpStep3")}</p></li>
</ol>
<form action="${url.loginAction}" method="post">
<@fields.input name="totp" label=msg("authenticatorCode") autocomplete="one-time-code" inputmode="numeric"/>
<@fields.input name="userLabel" label=msg("loginTotpDeviceName") hint=msg("loginTotpStep3DeviceName") autocomplete="off" required=(totp.otpCredentials?size gte 1)/>
<input type="hidden" name="totpSecret" value="${totp.totpSecret}"><#if mode??><input type="hidden" name="mode" value="${mode}"></#if>
<@sessions.logoutOtherSessions/>
<p class="row"><button class="btn">${msg("udiActivate")}</button> <@fields.cancel/></p>
</form>
</#if>
</@layout.registrationLayout>
