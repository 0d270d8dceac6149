<#import "fields.ftl" as fields>
<#macro logoutOtherSessions><@fields.tick name="logout-sessions" label=msg("logoutOtherSessions")/></#macro>
