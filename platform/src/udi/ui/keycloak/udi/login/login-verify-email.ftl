<#import "template.ftl" as layout><#import "fields.ftl" as fields>
<@layout.registrationLayout; section>
<#if section = "header">${msg("emailVerifyTitle")}
<#elseif section = "form">
<p class="lede">${msg(verifyEmail???then("emailVerifyInstruction1", "emailVerifyInstruction4"), verifyEmail!(user.email)!'')}</p>
<#if isAppInitiatedAction??>
<form action="${url.loginAction}" method="post"><p class="row"><button class="btn">${msg(verifyEmail???then("emailVerifyResend", "emailVerifySend"))}</button> <@fields.cancel/></p></form>
<#else>
<p>${msg("emailVerifyInstruction2")}</p>
<p><a class="btn quiet" href="${url.loginAction}">${msg("emailVerifyResend")}</a></p>
</#if>
</#if>
</@layout.registrationLayout>
