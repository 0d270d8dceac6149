/* What of OpenLayers and PMTiles the map that moves needs: bundled into openlayers.js (README.md). */
import Feature from "ol/Feature.js";
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import Zoom from "ol/control/Zoom.js";
import ScaleLine from "ol/control/ScaleLine.js";
import { platformModifierKeyOnly } from "ol/events/condition.js";
import GeoJSON from "ol/format/GeoJSON.js";
import MVT from "ol/format/MVT.js";
import MultiPolygon from "ol/geom/MultiPolygon.js";
import DragPan from "ol/interaction/DragPan.js";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom.js";
import { defaults as interactions } from "ol/interaction/defaults.js";
import TileLayer from "ol/layer/Tile.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import VectorTileSource from "ol/source/VectorTile.js";
import XYZ from "ol/source/XYZ.js";
import { Circle, Fill, Stroke, Style, Text } from "ol/style.js";
import { PMTiles } from "pmtiles";

window.OpenLayers = {
  Circle, DragPan, Feature, Fill, GeoJSON, MVT, MouseWheelZoom, MultiPolygon, OlMap, PMTiles, ScaleLine, Stroke, Style, Text, TileLayer,
  VectorLayer, VectorSource, VectorTileLayer, VectorTileSource, View, XYZ, Zoom,
  fromLonLat, interactions, platformModifierKeyOnly, toLonLat, transformExtent,
};
