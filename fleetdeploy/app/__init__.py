"""The composition root: the only place that builds real objects and puts the floors below together.

``workspace.py`` reads the project and the inventory, ``connect.py`` makes host verbs, ``apps.py`` finds the app where
there is no project, ``planning.py`` makes plans and ``plans.py`` remembers them by digest, ``status.py`` asks hosts,
``rollouts.py`` runs rollouts, ``demo.py`` rehearses the main job on the lab.
"""
