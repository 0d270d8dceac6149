<#import "fields.ftl" as fields>
<#-- The person's profile: texts and choices; whatever else a realm declares is shown as a text. -->
<#macro userProfileFormFields>
<#list profile.attributes as attribute>
<#if attribute.name == 'locale' && realm.internationalizationEnabled && (locale.currentLanguageTag)?has_content>
<input type="hidden" name="locale" value="${locale.currentLanguageTag}">
<#else>
<#nested "beforeField" attribute>
<@one attribute/>
<#nested "afterField" attribute>
</#if>
</#list>
</#macro>

<#macro one attribute>
<#local label = advancedMsg(attribute.displayName!attribute.name)>
<#local options = (attribute.validators.options.options)![]>
<#local known = {"email": "email", "username": "username", "firstName": "given-name", "lastName": "family-name"}>
<#if options?has_content>
<div class="field<#if messagesPerField.existsError(attribute.name)> invalid</#if>"><label for="${attribute.name}">${label}</label>
<#if messagesPerField.existsError(attribute.name)><p class="error" id="${attribute.name}-e">${kcSanitize(messagesPerField.get(attribute.name))?no_esc}</p></#if>
<select id="${attribute.name}" name="${attribute.name}"<#if messagesPerField.existsError(attribute.name)> aria-invalid="true" aria-describedby="${attribute.name}-e"</#if>>
<#if !attribute.required><option value=""></option></#if>
<#list options as option><option value="${option}"<#if (attribute.values![])?seq_contains(option)> selected</#if>>${option}</option></#list>
</select></div>
<#else>
<@fields.input name=attribute.name label=attribute.required?then(label, label + " " + msg("udiOptional")) type=(attribute.name == 'email')?then('email', 'text') value=attribute.value!'' hint=(attribute.name == 'email')?then(msg("udiEmailHint"), '') autocomplete=attribute.autocomplete!known[attribute.name]!'' readonly=attribute.readOnly required=attribute.required/>
</#if>
</#macro>
