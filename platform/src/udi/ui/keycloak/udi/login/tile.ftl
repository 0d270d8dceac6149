<#-- What a territory's attributes draw. Each is checked here: nothing else of them reaches the page unescaped. -->
<#function number value><#return value?matches('[0-9]{1,3}(\\.[0-9]{1,3})?')></#function>

<#function paths territory>
<#local drawn = territory['udi.tile']!''>
<#return (drawn?length lt 4000 && drawn?matches('(<path class="k[0-3]" d="[MLAHVZhvz0-9 .-]+"/>)+'))?then(drawn, '')>
</#function>

<#macro colours territory>
<#local hue = territory['udi.hue']!'260'><#local spark = territory['udi.spark']!'75'>
<#local paper = territory['udi.paper_hue']!'85'><#local chroma = territory['udi.chroma']!territory['udi.hue']???then('1', '0.25')>
<#if number(hue) && number(spark) && number(paper) && number(chroma)>
<style>:root{--hue:${hue};--spark:${spark};--paper-hue:${paper};--chroma:${chroma}}</style>
</#if>
</#macro>

<#macro tile territory>
<#if paths(territory)?has_content><svg class="glyph" viewBox="0 0 8 8" aria-hidden="true">${paths(territory)?no_esc}</svg></#if>
</#macro>

<#macro frieze territory>
<#if paths(territory)?has_content>
<svg class="frieze" aria-hidden="true"><defs><pattern id="frieze" width="48" height="48" patternUnits="userSpaceOnUse"><g transform="scale(6)">${paths(territory)?no_esc}</g></pattern></defs><rect width="100%" height="48" fill="url(#frieze)"/></svg>
</#if>
</#macro>
