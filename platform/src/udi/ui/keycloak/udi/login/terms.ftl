<#import "template.ftl" as layout>
<@layout.registrationLayout displayMessage=false; section>
<#if section = "header">${msg("termsTitle")}
<#elseif section = "form">
<div class="prose">${kcSanitize(msg("termsText"))?no_esc}</div>
<form action="${url.loginAction}" method="post"><p class="row"><button class="btn" name="accept" value="true">${msg("doAccept")}</button> <button class="btn quiet" name="cancel" value="true">${msg("doDecline")}</button></p></form>
</#if>
</@layout.registrationLayout>
