<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
<#if section = "header">${msg("loginChooseAuthenticator")}
<#elseif section = "form">
<form action="${url.loginAction}" method="post"><ul class="list">
<#list auth.authenticationSelections as way>
<li><div><button class="btn quiet" name="authenticationExecution" value="${way.authExecId}">${msg(way.displayName)}</button><p class="small muted">${msg(way.helpText)}</p></div></li>
</#list>
</ul></form>
</#if>
</@layout.registrationLayout>
