<#import "template.ftl" as layout><#import "fields.ftl" as fields>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('password'); section>
<#if section = "header">${msg("udiPasswordTitle")}
<#elseif section = "form">
<form action="${url.loginAction}" method="post">
<@fields.input name="password" label=msg("password") type="password" autocomplete="current-password"/>
<p class="row"><button class="btn" name="login">${msg("doLogIn")}</button>
<#if realm.resetPasswordAllowed><a href="${url.loginResetCredentialsUrl}">${msg("doForgotPassword")}</a></#if></p>
</form>
</#if>
</@layout.registrationLayout>
