<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
<#if section = "header">${msg("emailLinkIdpTitle", idpDisplayName)}
<#elseif section = "form">
<p class="lede">${msg("udiLinkMail", idpDisplayName, brokerContext.email!brokerContext.username)}</p>
<p><a class="btn" href="${url.loginAction}">${msg("udiLinkMailDone")}</a></p>
<p class="hint">${msg("udiLinkMailMissing")}</p>
</#if>
</@layout.registrationLayout>
