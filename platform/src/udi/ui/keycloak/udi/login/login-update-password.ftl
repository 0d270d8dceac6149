<#import "template.ftl" as layout><#import "fields.ftl" as fields><#import "password-commons.ftl" as sessions>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('password', 'password-confirm'); section>
<#if section = "header">${msg("updatePasswordTitle")}
<#elseif section = "form">
<form action="${url.loginAction}" method="post">
<@fields.newPassword name="password-new"/>
<@sessions.logoutOtherSessions/>
<p class="row"><button class="btn" name="login">${msg("udiSavePassword")}</button> <@fields.cancel/></p>
</form>
</#if>
</@layout.registrationLayout>
