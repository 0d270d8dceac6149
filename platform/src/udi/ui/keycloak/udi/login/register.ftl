<#import "template.ftl" as layout><#import "fields.ftl" as fields><#import "user-profile-commons.ftl" as profiles><#import "register-commons.ftl" as terms>
<@layout.registrationLayout displayMessage=messagesPerField.exists('global'); section>
<#if section = "header"><#if messageHeader??>${msg(messageHeader)}<#else>${msg("registerTitle")}</#if>
<#elseif section = "form">
<p class="lede">${msg("udiRegisterLede")}</p>
<form action="${url.registrationAction}" method="post">
<@profiles.userProfileFormFields; callback, attribute>
<#if callback = "afterField" && passwordRequired?? && (attribute.name == 'username' || (attribute.name == 'email' && realm.registrationEmailAsUsername))><@fields.newPassword name="password"/></#if>
</@profiles.userProfileFormFields>
<@terms.termsAcceptance/>
<p class="row"><button class="btn">${msg("doRegister")}</button> <a href="${url.loginUrl}">${msg("backToLogin")}</a></p>
</form>
</#if>
</@layout.registrationLayout>
