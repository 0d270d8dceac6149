<#import "template.ftl" as layout><#import "fields.ftl" as fields>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('username'); section>
<#if section = "header">${msg("emailForgotTitle")}
<#elseif section = "form">
<p class="lede">${msg(realm.duplicateEmailsAllowed?then("emailInstructionUsername", "emailInstruction"))}</p>
<form action="${url.loginAction}" method="post">
<@fields.input name="username" label=fields.identifier() value=(auth.attemptedUsername)!'' autocomplete="username" inputmode="email"/>
<p class="row"><button class="btn">${msg("udiSendLink")}</button> <a href="${url.loginUrl}">${msg("backToLogin")}</a></p>
</form>
</#if>
</@layout.registrationLayout>
