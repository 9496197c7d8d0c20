"""A kind of contract for import-linter: a package that may import next to nothing."""

from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PureContract(Contract):
    """Modules of `package` import each other and the top-level modules named in `allowed` only.

    A list of what is allowed, unlike one of what is forbidden, also covers what is added later.
    """

    package = fields.StringField()
    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find every import that is neither within the package nor allowed."""
        package = str(self.package)
        allowed = set(cast(list[str], self.allowed))  # a field on the class is a value on self
        found = sorted(
            (module, imported)
            for module in {package, *graph.find_descendants(package)}
            for imported in graph.find_modules_directly_imported_by(module)
            if not f"{imported}.".startswith(f"{package}.")
            and imported.split(".")[0] not in allowed
        )
        output.verbose_print(verbose, f"{package} may import {', '.join(sorted(allowed))}")
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that should not be there."""
        for module, imported in check.metadata["found"]:
            output.print_error(f"{module} imports {imported}", bold=False)
