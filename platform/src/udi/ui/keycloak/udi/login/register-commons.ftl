<#macro termsAcceptance>
<#if termsAcceptanceRequired??>
<div class="field<#if messagesPerField.existsError('termsAccepted')> invalid</#if>">
<h2 class="h3">${msg("termsTitle")}</h2>
<div>${kcSanitize(msg("termsText"))?no_esc}</div>
<#if messagesPerField.existsError('termsAccepted')><p class="error" id="termsAccepted-e">${kcSanitize(messagesPerField.get('termsAccepted'))?no_esc}</p></#if>
<label class="tick"><input type="checkbox" id="termsAccepted" name="termsAccepted"<#if messagesPerField.existsError('termsAccepted')> aria-invalid="true" aria-describedby="termsAccepted-e"</#if>><span>${msg("acceptTerms")}</span></label>
</div>
</#if>
</#macro>
