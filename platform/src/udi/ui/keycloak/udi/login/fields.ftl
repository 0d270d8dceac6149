<#-- Fields with their hint and error tied to them; `faults`: names under which the server reports an error. -->
<#macro input name label type="text" value="" hint="" autocomplete="" inputmode="" faults=[name] readonly=false required=true>
<#local invalid = messagesPerField.existsError(faults)>
<div class="field${invalid?then(' invalid', '')}"><label for="${name}">${label}</label>
<#if hint?has_content><p class="hint" id="${name}-h">${hint}</p></#if>
<#if invalid><p class="error" id="${name}-e">${kcSanitize(messagesPerField.getFirstError(faults))?no_esc}</p></#if>
<input id="${name}" name="${name}" type="${type}"<#if type != 'password'> value="${value}"</#if><#if autocomplete?has_content> autocomplete="${autocomplete}"</#if><#if inputmode?has_content> inputmode="${inputmode}"</#if><#if readonly> readonly</#if><#if required> required</#if><#if hint?has_content || invalid> aria-describedby="<#if hint?has_content>${name}-h </#if><#if invalid>${name}-e</#if>"</#if><#if invalid> aria-invalid="true"</#if>>
</div>
</#macro>

<#macro tick name label value="on" checked=false type="checkbox" id=name>
<label class="tick"><input type="${type}" id="${id}" name="${name}" value="${value}"<#if checked> checked</#if>><span>${label}</span></label>
</#macro>

<#macro newPassword name>
<@input name=name label=msg("passwordNew") type="password" hint=msg("udiPasswordHint") autocomplete="new-password" faults=["password"]/>
<@input name="password-confirm" label=msg("passwordConfirm") type="password" autocomplete="new-password"/>
</#macro>

<#macro cancel><#if isAppInitiatedAction??><button class="btn quiet" name="cancel-aia" value="true" formnovalidate>${msg("doCancel")}</button></#if></#macro>

<#function identifier><#return realm.registrationEmailAsUsername?then(msg("email"), realm.loginWithEmailAllowed?then(msg("usernameOrEmail"), msg("username")))></#function>

<#macro providers>
<#if realm.password && social?? && social.providers?has_content>
<section class="flow" aria-labelledby="providers"><h2 id="providers" class="h3">${msg("identity-provider-login-label")}</h2>
<ul class="plain"><#list social.providers as p><li><a class="btn quiet" href="${p.loginUrl}">${p.displayName!p.alias}</a></li></#list></ul></section>
</#if>
</#macro>

<#macro invitation>
<#if realm.password && realm.registrationAllowed && !registrationDisabled??><p>${msg("noAccount")} <a href="${url.registrationUrl}">${msg("doRegister")}</a></p></#if>
</#macro>
