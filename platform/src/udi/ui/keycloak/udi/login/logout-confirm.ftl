<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
<#if section = "header">${msg("logoutConfirmTitle")}
<#elseif section = "form">
<p class="lede">${msg("logoutConfirmHeader")}</p>
<form action="${url.logoutConfirmAction}" method="post"><input type="hidden" name="session_code" value="${logoutConfirm.code}">
<p class="row"><button class="btn" name="confirmLogout">${msg("doLogout")}</button>
<#if !logoutConfirm.skipLink && (client.baseUrl)?has_content><a href="${client.baseUrl}">${msg("backToApplication")}</a></#if></p></form>
</#if>
</@layout.registrationLayout>
