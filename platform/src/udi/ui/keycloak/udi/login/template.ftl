<#-- The frame of every page. A territory is read from its client's attributes: udi.name, udi.hue, udi.spark, udi.tile. -->
<#import "tile.ftl" as signature>
<#macro registrationLayout bodyClass="" displayInfo=false displayMessage=true displayRequiredFields=false>
<#local territory = (client.attributes)!{}>
<#local siteName = territory['udi.name.' + lang]!territory['udi.name']!realm.displayName!realm.name>
<#local failed = message?has_content && message.type == 'error'>
<#local heading><#compress><#nested "header"></#compress></#local>
<!doctype html>
<html lang="${lang}" dir="${((locale.rtl)!false)?then('rtl', 'ltr')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title><#if failed>${msg("udiError")} </#if>${heading} – ${siteName}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${url.resourcesPath}/${properties.styles}?v=${properties.version}">
<@signature.colours territory/>
</head>
<body>
<a class="btn skip" href="#content">${msg("udiSkip")}</a>
<header class="head"><div class="wrap">
<#if (client.baseUrl)?has_content><a class="brand" href="${client.baseUrl}"><#else><p class="brand"></#if>
<#if (territory['udi.logo']!'none') != 'none'><img src="${territory['udi.logo']}" alt="" height="48"><#else><@signature.tile territory/></#if><span>${siteName}<small>${msg("udiTagline")}</small></span>
<#if (client.baseUrl)?has_content></a><#else></p></#if>
<#if realm.internationalizationEnabled && locale.supported?size gt 1>
<nav class="nav" aria-label="${msg("languages")}"><ul>
<#list locale.supported?filter(l -> l.languageTag != locale.currentLanguageTag) as l>
<li><a href="${l.url}" lang="${l.languageTag}" hreflang="${l.languageTag}">${l.languageTag?upper_case}<span class="hide"> – ${properties['language_' + l.languageTag]!l.label}</span></a></li>
</#list>
</ul></nav>
</#if>
</div></header>
<main id="content">
<div class="wrap page login flow">
<#if displayMessage && message?has_content && (message.type != 'warning' || !isAppInitiatedAction??)>
<div class="note ${{'error': 'bad', 'warning': 'warn', 'success': 'ok'}[message.type]!}" role="${failed?then('alert', 'status')}"><p>${kcSanitize(message.summary)?no_esc}</p></div>
</#if>
<h1>${heading}</h1>
<#if auth?has_content && auth.showUsername() && !auth.showResetCredentials()>
<p class="row"><strong>${auth.attemptedUsername}</strong> <a href="${url.loginRestartFlowUrl}">${msg("restartLoginTooltip")}</a></p>
</#if>
<#nested "form">
<#if auth?has_content && auth.showTryAnotherWayLink()>
<form action="${url.loginAction}" method="post"><button class="btn text" name="tryAnotherWay" value="on">${msg("doTryAnotherWay")}</button></form>
</#if>
<#if (switchOrganizationEnabled!false)>
<form action="${url.loginAction}" method="post"><button class="btn text" name="switchOrganization" value="true">${msg("doSwitchOrganization")}</button></form>
</#if>
<#nested "socialProviders">
<#if displayInfo><div class="more"><#nested "info"></div></#if>
</div>
</main>
<footer class="foot night"><@signature.frieze territory/>
<div class="wrap page"><p>${msg("udiFooter")}</p></div></footer>
</body>
</html>
</#macro>
