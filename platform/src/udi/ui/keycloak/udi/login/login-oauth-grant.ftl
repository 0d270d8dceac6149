<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
<#if section = "header">${msg("udiGrantTitle")}
<#elseif section = "form">
<p class="lede">${msg("udiGrantRequest")}</p>
<ul>
<#list oauth.clientScopesRequested as scope>
<#if scope.consentScreenText?has_content><li>${advancedMsg(scope.consentScreenText)}</li></#if>
</#list>
</ul>
<form action="${url.oauthAction}" method="post"><input type="hidden" name="code" value="${oauth.code}">
<p class="row"><button class="btn" name="accept" value="true">${msg("doAccept")}</button> <button class="btn quiet" name="cancel" value="true">${msg("doDecline")}</button></p></form>
</#if>
</@layout.registrationLayout>
