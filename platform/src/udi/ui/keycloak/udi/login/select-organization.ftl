<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
<#if section = "header">${msg("organization.select")}
<#elseif section = "form">
<form action="${url.loginAction}" method="post"><ul class="plain flow">
<#list user.organizations as organization><li><button class="btn quiet" name="kc.org" value="${organization.alias!}">${organization.name!}</button></li></#list>
</ul></form>
</#if>
</@layout.registrationLayout>
