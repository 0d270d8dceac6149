<#import "template.ftl" as layout><#import "fields.ftl" as fields><#import "user-profile-commons.ftl" as profiles>
<@layout.registrationLayout displayMessage=messagesPerField.exists('global'); section>
<#if section = "header">${msg("loginProfileTitle")}
<#elseif section = "form">
<form action="${url.loginAction}" method="post">
<@profiles.userProfileFormFields/>
<p class="row"><button class="btn">${msg("udiSave")}</button> <@fields.cancel/></p>
</form>
</#if>
</@layout.registrationLayout>
