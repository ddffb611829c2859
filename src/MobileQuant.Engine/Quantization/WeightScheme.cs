namespace MobileQuant.Quantization;

/// <summary>How one weight matrix is put on integers.</summary>
/// <param name="Bits">8 or 4.</param>
/// <param name="Symmetry">Symmetric or asymmetric, never default.</param>
/// <param name="Granularity">Scale per output channel or per matrix.</param>
/// <param name="BlockSize">Consecutive weights of a row that share an integer block scale: 64 or 32, or 0 for none.</param>
public readonly record struct WeightScheme(int Bits, WeightSymmetry Symmetry, WeightGranularity Granularity, int BlockSize = 0);
