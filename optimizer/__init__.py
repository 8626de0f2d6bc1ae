"""Haibun (配分): from a workbook of programmes, effects and rules to the plan that serves both freedoms best.

Rooms, in the order in which they may import one another: words, errors, schema, workbook, checks, portfolio,
scenario, exact, places, plan, proof, results, model, solver, live, session, run, questions, report, cli.
"""
