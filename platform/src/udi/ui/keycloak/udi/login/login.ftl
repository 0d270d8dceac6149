<#import "template.ftl" as layout><#import "fields.ftl" as fields>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('username', 'password') displayInfo=realm.password && realm.registrationAllowed && !registrationDisabled??; section>
<#if section = "header">${msg("loginAccountTitle")}
<#elseif section = "form" && realm.password>
<form action="${url.loginAction}" method="post">
<#if !usernameHidden??><@fields.input name="username" label=fields.identifier() value=(login.username)!'' autocomplete="username" inputmode="email" faults=["username", "password"]/></#if>
<@fields.input name="password" label=msg("password") type="password" autocomplete="current-password" faults=usernameHidden???then(["username", "password"], ["-"])/>
<#if realm.rememberMe && !usernameHidden??><@fields.tick name="rememberMe" label=msg("rememberMe") checked=login.rememberMe??/></#if>
<input type="hidden" name="credentialId" value="${(auth.selectedCredential)!''}">
<p class="row"><button class="btn" name="login">${msg("doLogIn")}</button>
<#if realm.resetPasswordAllowed><a href="${url.loginResetCredentialsUrl}">${msg("doForgotPassword")}</a></#if></p>
</form>
<#elseif section = "socialProviders"><@fields.providers/>
<#elseif section = "info"><@fields.invitation/></#if>
</@layout.registrationLayout>
