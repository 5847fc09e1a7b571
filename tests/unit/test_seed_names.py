"""What producers of production call: every function under the name that they know it by."""

from __future__ import annotations

import importlib
import inspect

import pytest

from weppd.settings_tables import Tasks
from weppd.task import MARK

#: The first parameters of each task, by its module: what a producer passes by place.
TASKS = {
    "project_rq": {
        "test_run_rq": ["runid"],
        "set_run_readonly_rq": ["runid", "readonly"],
        "init_sbs_map_rq": ["runid", "sbs_map"],
        "fetch_dem_rq": ["runid", "extent", "center", "zoom", "map_object"],
        "build_channels_rq": ["runid", "csa", "mcl", "wbt_fill_or_breach", "wbt_blc_dist"],
        "fetch_dem_and_build_channels_rq": [
            *("runid", "extent", "center", "zoom", "csa", "mcl", "wbt_fill_or_breach"),
            *("wbt_blc_dist", "set_extent_mode", "map_bounds_text", "map_object"),
        ],
        "set_outlet_rq": ["runid", "outlet_lng", "outlet_lat"],
        "build_subcatchments_rq": ["runid", "updates"],
        "abstract_watershed_rq": ["runid"],
        "build_subcatchments_and_abstract_watershed_rq": ["runid", "updates"],
        "build_landuse_rq": ["runid"],
        "build_soils_rq": ["runid"],
        "build_climate_rq": ["runid"],
        "upload_cli_rq": ["runid", "cli_filename"],
        "fork_rq": ["runid", "new_runid", "undisturbify"],
        "_finish_fork_rq": ["runid"],
        "archive_rq": ["runid", "comment"],
        "restore_archive_rq": ["runid", "archive_name"],
    },
    "land_and_soil_rq": {
        "land_and_soil_rq": ["runid", "extent", "cfg", "nlcd_db", "ssurgo_db"],
    },
    "wepp_rq": {
        "run_hillslope_rq": ["runid", "wepp_id", "wepp_bin"],
        "run_ss_batch_hillslope_rq": ["runid", "wepp_id", "wepp_bin", "ss_batch_id"],
        "run_flowpath_rq": ["runid", "flowpath", "wepp_bin"],
        "run_watershed_rq": ["runid", "wepp_bin"],
        "run_ss_batch_watershed_rq": ["runid", "wepp_bin", "ss_batch_id"],
        "run_wepp_rq": ["runid"],
        "run_wepp_noprep_rq": ["runid"],
        "run_wepp_watershed_rq": ["runid"],
        "run_wepp_watershed_noprep_rq": ["runid"],
        "_prep_slopes_rq": ["runid"],
        "_prep_managements_rq": ["runid"],
        "_prep_soils_rq": ["runid"],
        "_prep_climates_rq": ["runid"],
        "_prep_multi_ofe_rq": ["runid"],
        "_prep_remaining_rq": ["runid"],
        "_run_hillslopes_rq": ["runid"],
        "_run_flowpaths_rq": ["runid"],
        "_prep_watershed_rq": ["runid"],
        "_build_hillslope_interchange_rq": ["runid"],
        "_build_totalwatsed3_rq": ["runid"],
        "_post_watershed_interchange_rq": ["runid"],
        "_post_run_cleanup_out_rq": ["runid"],
        "_run_hillslope_watbal_rq": ["runid"],
        "_post_make_loss_grid_rq": ["runid"],
        "_analyze_return_periods_rq": ["runid"],
        "_log_complete_rq": ["runid"],
        "compress_fn": ["fn"],
    },
    "interchange_rq": {
        "_build_hillslope_interchange_rq": ["runid"],
        "_build_totalwatsed3_rq": ["runid"],
        "_post_watershed_interchange_rq": ["runid"],
        "run_interchange_migration": ["runid", "wepp_output_subpath"],
    },
    "batch_rq": {
        "run_batch_rq": ["batch_name"],
        "run_batch_watershed_rq": ["batch_name", "watershed_feature"],
    },
    "omni_rq": {
        "run_omni_scenario_rq": ["runid", "scenario", "dependency_target"],
        "run_omni_scenarios_rq": ["runid"],
        "_compile_hillslope_summaries_rq": ["runid"],
        "_finalize_omni_scenarios_rq": ["runid"],
        "run_omni_contrasts_rq": ["runid"],
        "run_omni_contrast_rq": ["runid", "contrast_id"],
        "_finalize_omni_contrasts_rq": ["runid"],
        "delete_omni_contrasts_rq": ["runid"],
    },
    "path_ce_rq": {"run_path_cost_effective_rq": ["runid"]},
    "weppcloudr_rq": {"render_deval_details_rq": ["runid", "config", "active_root"]},
    "agent_rq": {
        "spawn_wojak_session": [
            *("runid", "config", "session_id", "jwt_token", "user_id", "jwt_secret"),
        ],
    },
}
HELPERS = {
    "weppd": ["start_worker"],
    "weppd.job_info": [
        *("get_wepppy_rq_job_info", "get_wepppy_rq_jobs_info", "get_wepppy_rq_job_status"),
    ],
    "weppd.cancel_job": ["cancel_jobs"],
    "tasks.run.databases": ["RedisDB", "redis_connection_kwargs"],
    "tasks.run.prep": ["RedisPrep"],
    "tasks.run.steps": ["TaskEnum"],
    "tasks.run.messenger": ["StatusMessenger"],
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in TASKS.items() for name in names]
)
def test_every_task_is_there_under_its_name_and_takes_what_is_passed(module: str, name: str):
    """A weppd that is set up as it comes admits it, by the seed's name."""
    found = getattr(importlib.import_module(f"tasks.{module}"), name)
    wanted = TASKS[module][name]
    assert list(inspect.signature(found).parameters)[: len(wanted)] == wanted
    assert hasattr(found, MARK)
    assert f"tasks.{module}" in Tasks().modules
    assert Tasks().alias == {"wepppy.rq": "tasks"}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in HELPERS.items() for name in names]
)
def test_every_helper_is_there_under_its_name(module: str, name: str):
    """What routes and scripts import beside the tasks."""
    assert callable(getattr(importlib.import_module(module), name))
