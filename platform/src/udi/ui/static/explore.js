/* Replaces the region of the page of a table. */
"use strict";
