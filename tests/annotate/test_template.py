from annotate.interval_settings import IntervalSettings
from mexlab.study import Study
from mexlab.study_settings import AnalysisSettings, LabelSettings


def test_the_template_spells_out_the_defaults(tmp_path):
    study = Study.create(tmp_path / "study")
    for name, kind in (
        ("intervals", IntervalSettings),
        ("analysis", AnalysisSettings),
        ("labels", LabelSettings),
    ):
        written = study.section(name, kind)
        assert written == kind()
        assert set(vars(written)) == set(study._tables[name])
