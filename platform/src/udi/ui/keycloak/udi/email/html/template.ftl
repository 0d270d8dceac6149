<#macro emailLayout>
<!doctype html>
<html lang="${locale.language}" dir="${(ltr)?then('ltr', 'rtl')}">
<head><meta charset="utf-8"><title>${realmName!}</title></head>
<body>
<#nested>
</body>
</html>
</#macro>
