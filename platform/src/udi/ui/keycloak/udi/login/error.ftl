<#import "template.ftl" as layout>
<@layout.registrationLayout displayMessage=false; section>
<#if section = "header">${msg("errorTitle")}
<#elseif section = "form">
<p class="lede">${kcSanitize(message.summary)?no_esc}</p>
<p>${msg("udiErrorRemedy")}</p>
<#if traceId??><p class="small muted">${msg("traceIdSupportMessage", traceId)}</p></#if>
<#if !skipLink?? && (client.baseUrl)?has_content><p><a class="btn" href="${client.baseUrl}">${msg("backToApplication")}</a></p></#if>
</#if>
</@layout.registrationLayout>
