<#import "template.ftl" as layout><#import "fields.ftl" as fields>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('username') displayInfo=realm.password && realm.registrationAllowed && !registrationDisabled??; section>
<#if section = "header">${msg("loginAccountTitle")}
<#elseif section = "form" && realm.password>
<form action="${url.loginAction}" method="post">
<#if !usernameHidden??><@fields.input name="username" label=fields.identifier() value=(login.username)!'' hint=msg("udiIdentifierHint") autocomplete="username" inputmode="email"/></#if>
<#if realm.rememberMe && !usernameHidden??><@fields.tick name="rememberMe" label=msg("rememberMe") checked=login.rememberMe??/></#if>
<p class="row"><button class="btn" name="login">${msg("doContinue")}</button></p>
</form>
<#elseif section = "socialProviders"><@fields.providers/>
<#elseif section = "info"><@fields.invitation/></#if>
</@layout.registrationLayout>
