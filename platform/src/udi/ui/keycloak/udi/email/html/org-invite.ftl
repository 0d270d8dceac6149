<#import "template.ftl" as layout>
<#assign named = firstName?? && lastName??>
<@layout.emailLayout>
<p><#if named>${msg("udiHello", firstName, lastName)}<#else>${msg("udiHelloAll")}</#if></p>
<p>${msg("udiInvited", organization.name)}</p>
<p><a href="${link}">${msg("udiJoin")}</a></p>
<p>${msg("udiExpires", linkExpirationFormatter(linkExpiration))}</p>
<p>${msg("udiIgnore")}</p>
</@layout.emailLayout>
