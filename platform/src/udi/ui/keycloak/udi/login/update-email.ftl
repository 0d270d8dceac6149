<#import "template.ftl" as layout><#import "fields.ftl" as fields><#import "user-profile-commons.ftl" as profiles><#import "password-commons.ftl" as sessions>
<@layout.registrationLayout displayMessage=messagesPerField.exists('global'); section>
<#if section = "header">${msg("updateEmailTitle")}
<#elseif section = "form">
<form action="${url.loginAction}" method="post">
<@profiles.userProfileFormFields/>
<@sessions.logoutOtherSessions/>
<p class="row"><button class="btn">${msg("udiSave")}</button> <@fields.cancel/></p>
</form>
</#if>
</@layout.registrationLayout>
