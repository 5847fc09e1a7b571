"""The lines of a loss report as templates, in the order of the report."""

from __future__ import annotations

from dataclasses import dataclass

MANAGEMENT = "    MANAGEMENT: {management:a50}"
PRACTICE = (
    " MAN. PRACTICE: {practice:a60}",
    "                {practice:a60}",
    "                {practice:a60}",
)
SLOPE = "         SLOPE: {slope:a50}"
CLIMATE = "       CLIMATE: {climate:a50}"
SOIL = "          SOIL: {soil:a50}"
PLANE = "      PLANE{plane:i3} {name:a20}{texture:a20}"

WATER = (
    "",
    "",
    "     ANNUAL AVERAGE SUMMARIES",
    "     ------------------------",
    "",
    "",
    "I.   RAINFALL AND RUNOFF SUMMARY",
    "     -------- --- ------ -------",
    "",
    "      total summary:  years{first_year:i5} -{last_year:i5}",
    "",
    "{storms:i10} storms produced{precip_mm:f32.2} mm of precipitation",
    "{rain_events:i10} rain storm runoff events produced{rain_runoff_mm:f14.2} mm of runoff",
    "{melt_events:i10} snow melts and/or",
    "             events during winter produced{melt_runoff_mm:f16.2} mm of runoff",
    "",
    "      annual averages",
    "      ---------------",
    "",
    "        Number of years{years:i37}",
    "        Mean annual precipitation{mean_precip_mm:f27.2}    mm",
    "        Mean annual runoff from rainfall{mean_rain_runoff_mm:f20.2}    mm",
    "        Mean annual runoff from snow melt",
    "          and/or rain storm during winter{mean_melt_runoff_mm:f19.2}    mm",
    "",
    "",
    "",
    "II.  ON SITE EFFECTS  ON SITE EFFECTS  ON SITE EFFECTS",
    "     ---------------  ---------------  ---------------",
    "",
)

RULE = "-" * 72
POINTS_RULE = "      " + "-" * 30
POINT = "{at:f13.2}{value:f18.3}"
STRETCH = (
    "{start_m:f7.2}-{end_m:f7.2}{mean:f9.3}{stdev:f10.3}{most:f11.3}{most_m:f8.2}"
    "{least:f10.3}{least_m:f9.2}"
)


@dataclass(frozen=True, slots=True)
class Block:
    """The lines around the stretches of net loss, or of net deposition."""

    above: tuple[str, ...]
    title: str
    mean: str
    most: str
    heading: tuple[str, ...]
    points: tuple[str, ...]


DETACHMENT = Block(
    above=("",),
    title="  A.  AREA OF NET SOIL LOSS",
    mean="      ** Soil Loss (Avg. of Net Detachment Areas) ={mean:f9.3} kg/m2 **",
    most="      ** Maximum Soil Loss  ={most:f9.3} kg/m2 at{most_m:f8.2} meters **",
    heading=(
        "",
        "",
        "      Area of    Soil Loss   Soil Loss   MAX   MAX Loss   MIN   MIN Loss",
        "      Net Loss      MEAN      STDEV      Loss    Point    Loss   Point",
        "        (m)       (kg/m2)     (kg/m2)  (kg/m2)    (m)    (kg/m2)  (m)",
        RULE,
    ),
    points=(
        "",
        "      Single Point     Single Point",
        "       Soil Area          Loss",
        "         (m)             (kg/m2/)",
        POINTS_RULE,
    ),
)
DEPOSITION = Block(
    above=("",),
    title="  B.  AREA OF SOIL DEPOSITION",
    mean="      ** Soil Deposition (Avg. of Net Deposition Areas) ={mean:f10.3} kg/m2 **",
    most="      ** Maximum Soil Deposition  ={most:f10.3} kg/m2 at{most_m:f8.2} meters **",
    heading=(
        "",
        "      Area of    Soil Dep   Soil Dep     MAX    MAX Dep   MIN   MIN Dep",
        "      Net Dep       MEAN     STDEV       Dep     Point    Dep    Point",
        "        (m)       (kg/m2)    (kg/m2)   (kg/m2)    (m)    (kg/m2)  (m)",
        RULE,
    ),
    points=(
        "",
        "      Single Point     Single Point",
        "       Soil Area          Dep",
        "         (m)             (kg/m2/)",
        POINTS_RULE,
    ),
)

PROFILE_TITLE = "  C.  SOIL LOSS/DEPOSITION ALONG SLOPE PROFILE"
PROFILE_HEADING = (
    "",
    "",
    "",
    PROFILE_TITLE,
    "",
    "          Profile distances are from top to bottom of hillslope",
    "",
    "",
    " distance soil  flow    distance   soil  flow    distance   soil  flow",
    "    (m)   loss  elem       (m)     loss  elem       (m)     loss  elem",
    "         (kg/m2)                  (kg/m2)                  (kg/m2)",
    RULE,
    "",
)
PROFILE_POINT = "{distance_m:f7.2} {loss_kg_m2:f9.3} {element:i2}"

SEDIMENT = (
    "",
    "note:  (+) soil loss - detachment     (-) soil loss - deposition",
    "",
    "",
    "",
    "III. OFF SITE EFFECTS  OFF SITE EFFECTS  OFF SITE EFFECTS",
    "     ----------------  ----------------  ----------------",
    "",
    "     A.  AVERAGE ANNUAL SEDIMENT LEAVING PROFILE",
    "{kg_m:f18.3}   kg/m of width",
    "{kg:f18.3}     kg (based on profile width of{width_m:f11.3}      m)",
    "{t_ha:f18.3}   t/ha (assuming contributions from{area_ha:f10.3}     ha)",
)
CLASS_HEADING = (
    "",
    "",
    "     B.  SEDIMENT CHARACTERISTICS AND ENRICHMENT",
    "",
    "     Sediment particle information leaving profile",
    "-" * 79,
    "                                 Particle Composition         Detached Fraction",
    "Class  Diameter  Specific  ---------------------------------  Sediment  In Flow",
    "         (mm)    Gravity   % Sand   % Silt   % Clay   % O.M.  Fraction  Exiting",
    "-" * 79,
)
CLASS = (
    "{number:i3}{diameter_mm:f10.3}{gravity:f10.2}{sand:f9.1}{silt:f9.1}{clay:f9.1}{om:f9.1}"
    "{detached:f10.3}{leaving:f9.3}"
)
ENRICHMENT = "     Average annual SSA enrichment ratio leaving profile ={enrichment:f7.2}"
