"""The command `convert`: a pair of couplings in every form of the action that is in use."""

from phi4hpc.errors import UsageError

FORMS = {
    'hopping': ('kappa', 'lambda', '-2 kappa phi phi(x+mu) + (1 - 2 lambda) phi^2 + lambda phi^4'),
    'quarter': ('mu0^2', 'lambda', '1/2 (d phi)^2 + mu0^2/2 phi^2 + lambda/4 phi^4'),
    'unit': ('m^2', 'lambda', '1/2 (d phi)^2 + m^2/2 phi^2 + lambda phi^4'),
    'factorial': ('m^2', 'g', '1/2 (d phi)^2 + m^2/2 phi^2 + g/4! phi^4'),
}
"""Names of the two couplings, and the action of a site, summed over mu, in lattice units."""


def epilog() -> str:
    """Return the forms as text for `phi4hpc convert --help`."""
    lines = [f'  {form:<11}{f"{mass}, {coupling}":<16}{density}'
             for form, (mass, coupling, density) in FORMS.items()]
    heading = 'the action of a site in each form, summed over mu, in lattice units:'
    return '\n'.join([heading, *lines, 'such as `phi4hpc convert hopping 0.26955 0.02`'])


def lines(form: str, mass: float, coupling: float) -> list[str]:
    """Return a line for each form of the action, for couplings given in `form`.

    Raises UsageError where they have no hopping form.
    """
    from phi4hpc.lattice.action import CONTINUUM, to_continuum

    kappa, lam = hopping_form(form, mass, coupling)
    found = []
    for name, (mass_name, coupling_name, density) in FORMS.items():
        mass, coupling = (to_continuum(kappa, lam, CONTINUUM[name]) if name in CONTINUUM
                          else (kappa, lam))
        found.append(f'{name:<11}{mass_name:>5} = {mass:<19.12g}{coupling_name:>6} = '
                     f'{coupling:<19.12g}{density}')
    return found


def hopping_form(form: str, mass: float, coupling: float) -> tuple[float, float]:
    """Return (kappa, lambda) of couplings in `form`. Raises UsageError where there are none."""
    from phi4hpc.lattice.action import CONTINUUM, from_continuum

    kappa, lam = mass, coupling
    if form in CONTINUUM:
        try:
            kappa, lam = from_continuum(mass, coupling, CONTINUUM[form])
        except ValueError as error:
            raise UsageError(f'{form} {mass:g} {coupling:g}: {error}') from None
    if not (kappa > 0 and lam >= 0):
        raise UsageError(f'hopping {kappa:g} {lam:g}: expected kappa > 0 and lambda >= 0')
    return kappa, lam
