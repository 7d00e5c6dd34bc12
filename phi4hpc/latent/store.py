"""How the latent analysis of a model is laid out in latent.h5."""


def write(group, results, original_nyx, reconstructed_nyx, **attributes):
    """Fill the open, empty h5py `group` of a model with what `analysis.analyse` returned and with examples.

    The examples are configurations (n, y, x) and their reconstructions. `attributes` say what the model is:
    L, kappa, family, latent, lambda, samples.
    """
    group.attrs.update(attributes)
    for name, arrays in results.items():
        for key, array in arrays.items():
            group[f'{name}/{key}'] = array
    group['examples/original'] = original_nyx
    group['examples/reconstructed'] = reconstructed_nyx
