"""Reports of a channel network of two hillslopes and two channels, of two days."""

from __future__ import annotations

from tasks.hillsim.reports.daily import SOIL_HEAD, WATER_HEAD
from tests.unit import interchange_texts as texts

PASS = """GENERAL SIMULATION INFORMATION

 2024.204   --> VERSION NUMBER
     2   --> NUMBER OF UNIQUE HILLSLOPES IN WATERSHED
     2   --> WATERSHED MAXIMUM SIMULATION TIME (YEARS)
     1   --> BEGINNING YEAR OF WATERSHED CLIMATE FILE

HILLSLOPE #      CLIMATE FILE          PARTICLE DIAMETER (M)                    AREA

HILLSLOPE    1   p1.cli    0.2E-05 0.1E-04 0.3E-04 0.4E-03 0.2E-03      .13200E+05
HILLSLOPE    2   p2.cli    0.2E-05 0.1E-04 0.3E-04 0.3E-03 0.2E-03      .14400E+05

BEGIN HILLSLOPE HYDROLOGY AND SEDIMENT INFORMATION

NO EVENT      1     1
SUBEVENT      1     2
1.0 2.0
3.0 4.0
0.0 0.0
0.0 0.0
EVENT         1     3
"""
#: Twelve measures of two hillslopes, then five concentrations and five fractions of each.
EVENT = "".join(f"{n}.0 {n}.5\n" for n in range(1, 13)) + (
    "101. 102. 103. 104. 105. 201. 202. 203. 204. 205.\n.1 .2 .3 .4 .0 .5 .1 .1 .1 .2\n"
)
PEAKS = """ Channel Routing Output
   Muskingum-Cunge method

Peak Flow Time and Rate

  Year    Day   Elmt_ID Chan_ID  Time(s) Peak_Discharge(m^3/s)
     1     60      3      1       1800.      1.38E-02
     1     60      4      2       2400.      2.50E-02
"""
ROUTED = """ Channel Water Balance

  Inflow  = Total inflow above channel outlet, includes baseflow, all sources m^3
     inflow-outflow-loss-(change in surface storage)

  Year    Day  Elmt_ID Chan_ID    Inflow    Outflow   Storage    Baseflow       Loss    Balance
     1     60      4      2        47.09      36.54       1.00       0.50      10.54       0.01
"""
EVENTS = """
WATERSHED OUTPUT: DISCHARGE FROM WATERSHED OUTLET
(Results listed for Runoff Volume > 0.005m^3)

Day          Precip.    Runoff      Peak       Sediment
   Month     Depth      Volume      Runoff     Yield
       Year  (mm)       (m^3)       (m^3/s)    (kg)
-------------------------------------------------------

   29    2     1  14.9        36.54      0.01380             2.5
"""
BALANCE = (
    "\n".join(WATER_HEAD)
    + "\n"
    + texts.wat_row((1, 60, 1, 12.5, 11, 3.25, 0.5, 1.5, 0.25, 2, 313.9, 0.1, 0.75, 80, 4, 2, 3.25))
    + "    0.00    0.00       8.23       0.00     150.00\n"
)
SOIL = "\n".join(
    (
        *SOIL_HEAD,
        "  2   60      1   51.93  26.31  19.74   0.25   0.06  11.42   0.25   0.77   1.43\n",
    )
)
STRUCTURE = "99.1\n2 1 0 0 0 0 0 0 0 0\n2 2 0 0 3 0 0 0 0 0\n"
OUTLET = """
Delivery From Channel Outlet:
-------- ---- ------- ------

Total contributing area to outlet               =       7.58 ha
Total sediment discharge from outlet            =         143.5 tonnes
Sed. delivery per unit area of watershed        =          18.9 T/ha
Sediment Delivery Ratio for Watershed           =      1.110

Sediment Particle Information Leaving Channel

Class  Diameter  Specific
-------------------------------------------------------------------------------
  1     0.002      2.60      0.0      0.0    100.0     50.0     0.047
  2     0.010      2.65      0.0    100.0      0.0      0.0     0.953

       clay              0.145
Index of specific surface            =     70.48 m**2/g of total sediment
"""
YEAR = (
    """
                  ANNUAL SUMMARY FOR WATERSHED IN YEAR     1
Hill      1        1842.3        2887.5       57412.9          -0.0       57413.6
Hill      2      111153.2     3333856.21111799.1          -0.0     ********
Channel     1      21161.1         143.5         357.1       21369.0         169.4
"""
    + OUTLET
)
MEAN = (
    """
                    1 YEAR AVERAGE ANNUAL VALUES FOR WATERSHED
Hill       1       1839.94       3574.43      47451.35         -0.00      47451.30      1.32
Hill       2       1180.22       4357.64       9625.97         -0.00       9625.97      1.44
Channel    1    25889.5     181.4 *** total soil loss < 1 kg *** 328.2  26133.8  205.7  7.58
"""
    + OUTLET
)
CLOUD_MEAN = (
    """
                    1 YEAR AVERAGE ANNUAL VALUES FOR WATERSHED
Hill       1   1.00   2.00   3.00   4.00   5.00   6.00   7.00   8.000   9.000   10.000
Channel    1   1.0   2.0   3.0   4.0   5.0   6.00   7.000   8.000   9.000
"""
    + OUTLET
)


def reports(**changed: str) -> dict[str, str]:
    """All seven reports by file name; `changed` by the name's first word: `loss=…`."""
    found = {
        "pass_pw0.txt": PASS + EVENT,
        "ebe_pw0.txt": EVENTS,
        "chan.out": PEAKS,
        "chanwb.out": ROUTED,
        "chnwb.txt": BALANCE,
        "soil_pw0.txt": SOIL,
        "loss_pw0.txt": " Yearly  average watershed\n" + YEAR + MEAN,
    }
    for word, text in changed.items():
        (name,) = (name for name in found if name.startswith((f"{word}_", f"{word}.")))
        found[name] = text
    return found
