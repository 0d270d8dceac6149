<#ftl output_format="plainText">
<#-- The parent's text escapes HTML, which breaks the link of a plain message: here nothing is escaped. -->
<#assign named = firstName?? && lastName??>
${msg(named?then("orgInviteBodyPersonalized", "orgInviteBody"), link, linkExpiration, realmName, organization.name, linkExpirationFormatter(linkExpiration), firstName!'', lastName!'')}
