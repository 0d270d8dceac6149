"""What services of maps say of themselves, short, in the words of each version of their standards."""

PLACE = (-4.6, 48.2, -4.2, 48.5)
WMS_130 = b"""<?xml version="1.0" encoding="UTF-8"?>
<WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms" xmlns:xlink="http://www.w3.org/1999/xlink">
<Service><Name>WMS</Name><Title>Cartes de Kerlevan</Title></Service>
<Capability><Request><GetMap><Format>image/tiff</Format><Format>image/jpeg</Format><Format>image/png</Format></GetMap></Request>
<Layer><Title>Toutes</Title><CRS>EPSG:3857</CRS><CRS>EPSG:2154</CRS>
<EX_GeographicBoundingBox><westBoundLongitude>-4.6</westBoundLongitude><eastBoundLongitude>-4.2</eastBoundLongitude><southBoundLatitude>48.2</southBoundLatitude><northBoundLatitude>48.5</northBoundLatitude></EX_GeographicBoundingBox>
<Layer queryable="1"><Name>voirie</Name><Title>Rues &amp; chemins</Title></Layer>
<Layer><Title>Sans nom</Title><Layer><Name>plu:zones</Name><Title>Zonage</Title></Layer></Layer></Layer>
</Capability></WMS_Capabilities>"""
WMS_111 = b"""<?xml version="1.0"?>
<!DOCTYPE WMT_MS_Capabilities SYSTEM "http://schemas.opengis.net/wms/1.1.1/WMS_MS_Capabilities.dtd"
 [
 <!ELEMENT VendorSpecificCapabilities EMPTY>
 ]>  <!-- as MapServer 8.0 and GeoServer write it -->
<WMT_MS_Capabilities version="1.1.1"><Service><Title>Ancien</Title></Service>
<Capability><Request><GetMap><Format>image/png</Format></GetMap></Request>
<Layer><SRS>EPSG:27572 EPSG:4326</SRS><LatLonBoundingBox minx="-4.6" miny="48.2" maxx="-4.2" maxy="48.5"/>
<Layer><Name>cadastre</Name><Title>Cadastre</Title></Layer></Layer></Capability></WMT_MS_Capabilities>"""
WMS_LAMBERT = WMS_130.replace(b"EPSG:3857", b"EPSG:3948")
WMS_DEGREES = WMS_130.replace(b"EPSG:3857", b"EPSG:4326")
WFS_200 = b"""<?xml version="1.0"?>
<wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:ows="http://www.opengis.net/ows/1.1">
<ows:ServiceIdentification><ows:Title>Objets</ows:Title></ows:ServiceIdentification>
<ows:OperationsMetadata><ows:Operation name="GetCapabilities"/><ows:Operation name="GetFeature">
<ows:Parameter name="outputFormat"><ows:AllowedValues><ows:Value>application/gml+xml; version=3.2</ows:Value><ows:Value>json</ows:Value><ows:Value>application/json</ows:Value></ows:AllowedValues></ows:Parameter>
</ows:Operation></ows:OperationsMetadata>
<wfs:FeatureTypeList><wfs:FeatureType><wfs:Name>ville:arbres</wfs:Name><wfs:Title>Arbres</wfs:Title>
<ows:WGS84BoundingBox><ows:LowerCorner>-4.6 48.2</ows:LowerCorner><ows:UpperCorner>-4.2 48.5</ows:UpperCorner></ows:WGS84BoundingBox></wfs:FeatureType></wfs:FeatureTypeList>
</wfs:WFS_Capabilities>"""
WFS_GML = WFS_200.replace(b"json", b"gml")
WFS_100 = b"""<WFS_Capabilities version="1.0.0" xmlns="http://www.opengis.net/wfs"><Service><Title>Vieux</Title></Service>
<Capability><Request><GetFeature><ResultFormat><GML2/><JSON/></ResultFormat></GetFeature></Request></Capability>
<FeatureTypeList><FeatureType><Name>bancs</Name><Title>Bancs</Title><SRS>EPSG:4326</SRS>
<LatLongBoundingBox minx="-4.6" miny="48.2" maxx="-4.2" maxy="48.5"/></FeatureType></FeatureTypeList></WFS_Capabilities>"""
MATRICES = "".join(
    f"<TileMatrix><ows:Identifier>{level:02}</ows:Identifier><ScaleDenominator>{559082264.0287178 / 2**level!r}</ScaleDenominator>"
    "<TopLeftCorner>-20037508.3427892 20037508.3427892</TopLeftCorner><TileWidth>256</TileWidth><TileHeight>256</TileHeight>"
    f"<MatrixWidth>{2**level}</MatrixWidth><MatrixHeight>{2**level}</MatrixHeight></TileMatrix>"
    for level in range(2, 15)
)
WMTS = f"""<?xml version="1.0"?>
<Capabilities version="1.0.0" xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1">
<ows:ServiceIdentification><ows:Title>Tuiles</ows:Title></ows:ServiceIdentification>
<Contents><Layer><ows:Title>Orthophoto</ows:Title><ows:Identifier>ORTHO</ows:Identifier>
<ows:WGS84BoundingBox><ows:LowerCorner>-4.6 48.2</ows:LowerCorner><ows:UpperCorner>-4.2 48.5</ows:UpperCorner></ows:WGS84BoundingBox>
<Style><ows:Identifier>gris</ows:Identifier></Style><Style isDefault="true"><ows:Identifier>normal</ows:Identifier></Style>
<Format>image/jpeg</Format><TileMatrixSetLink><TileMatrixSet>L93</TileMatrixSet></TileMatrixSetLink><TileMatrixSetLink><TileMatrixSet>PM</TileMatrixSet></TileMatrixSetLink></Layer>
<Layer><ows:Title>Lambert</ows:Title><ows:Identifier>L</ows:Identifier><Format>image/png</Format><TileMatrixSetLink><TileMatrixSet>L93</TileMatrixSet></TileMatrixSetLink></Layer>
<TileMatrixSet><ows:Identifier>PM</ows:Identifier><ows:SupportedCRS>urn:ogc:def:crs:EPSG::3857</ows:SupportedCRS>{MATRICES}</TileMatrixSet>
<TileMatrixSet><ows:Identifier>L93</ows:Identifier><ows:SupportedCRS>EPSG:2154</ows:SupportedCRS></TileMatrixSet></Contents></Capabilities>""".encode()
TEMPLATE = "https://tuiles.example/{Style}/{TileMatrixSet}/{TileMatrix}/{TileCol}/{TileRow}.jpg"
WMTS_TEMPLATE = WMTS.replace(
    b"<Format>image/jpeg</Format>",
    f'<Format>image/jpeg</Format><ResourceURL format="image/jpeg" resourceType="tile" template="{TEMPLATE}"/>'.encode(),
)
COLLECTIONS = {
    "title": "Nos objets",
    "collections": [
        {
            "id": "bancs publics",
            "title": "Bancs",
            "extent": {"spatial": {"bbox": [[-4.6, 48.2, 0, -4.2, 48.5, 90]]}},
        },
        {"id": "toilettes"},
        {"title": "sans nom"},
    ],
}
EXCEPTION = b"<ServiceExceptionReport><ServiceException>no</ServiceException></ServiceExceptionReport>"
FEATURES = {
    "type": "FeatureCollection",
    "numberMatched": 4_000,
    "features": [
        {
            "type": "Feature",
            "id": f"arbre.{rank}",
            "geometry": {"type": "Point", "coordinates": [-4.5 + rank / 100, 48.3]},
            "properties": {"essence": f"Chêne {rank}"},
        }
        for rank in range(30)
    ],
}
