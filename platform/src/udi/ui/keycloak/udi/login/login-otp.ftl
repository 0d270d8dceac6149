<#import "template.ftl" as layout><#import "fields.ftl" as fields>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('totp'); section>
<#if section = "header">${msg("udiCodeTitle")}
<#elseif section = "form">
<form action="${url.loginAction}" method="post">
<#if otpLogin.userOtpCredentials?size gt 1>
<fieldset class="field"><legend>${msg("udiDevice")}</legend>
<#list otpLogin.userOtpCredentials as device><@fields.tick type="radio" id="device-${device?index}" name="selectedCredentialId" value=device.id label=device.userLabel checked=(device.id == otpLogin.selectedCredentialId)/></#list>
</fieldset>
</#if>
<@fields.input name="otp" label=msg("loginOtpOneTime") hint=msg("udiCodeHint") autocomplete="one-time-code" inputmode="numeric" faults=["totp"]/>
<p class="row"><button class="btn" name="login">${msg("doLogIn")}</button></p>
</form>
</#if>
</@layout.registrationLayout>
