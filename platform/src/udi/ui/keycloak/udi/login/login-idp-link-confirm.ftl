<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
<#if section = "header">${msg("confirmLinkIdpTitle")}
<#elseif section = "form">
<form action="${url.loginAction}" method="post">
<p class="row"><button class="btn" name="submitAction" value="linkAccount">${msg("confirmLinkIdpContinue", idpDisplayName)}</button>
<#if !hideReviewButton?has_content><button class="btn quiet" name="submitAction" value="updateProfile">${msg("confirmLinkIdpReviewProfile")}</button></#if></p>
</form>
</#if>
</@layout.registrationLayout>
