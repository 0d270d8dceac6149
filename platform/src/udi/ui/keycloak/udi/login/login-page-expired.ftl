<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
<#if section = "header">${msg("pageExpiredTitle")}
<#elseif section = "form">
<p class="lede">${msg("udiExpired")}</p>
<p class="row"><a class="btn" href="${url.loginAction}">${msg("doContinue")}</a> <a href="${url.loginRestartFlowUrl}">${msg("udiStartAgain")}</a></p>
</#if>
</@layout.registrationLayout>
