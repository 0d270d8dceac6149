<#import "template.ftl" as layout>
<@layout.registrationLayout displayMessage=false; section>
<#if section = "header">${msg("deleteCredentialTitle", credentialLabel)}
<#elseif section = "form">
<p class="lede">${msg("deleteCredentialMessage", credentialLabel)}</p>
<form action="${url.loginAction}" method="post"><p class="row"><button class="btn bad" name="accept" value="true">${msg("doConfirmDelete")}</button> <button class="btn quiet" name="cancel-aia" value="true">${msg("doCancel")}</button></p></form>
</#if>
</@layout.registrationLayout>
