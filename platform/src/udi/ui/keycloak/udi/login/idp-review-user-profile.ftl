<#import "template.ftl" as layout><#import "user-profile-commons.ftl" as profiles>
<@layout.registrationLayout displayMessage=messagesPerField.exists('global'); section>
<#if section = "header">${msg("loginIdpReviewProfileTitle")}
<#elseif section = "form">
<form action="${url.loginAction}" method="post">
<@profiles.userProfileFormFields/>
<p class="row"><button class="btn">${msg("doContinue")}</button></p>
</form>
</#if>
</@layout.registrationLayout>
