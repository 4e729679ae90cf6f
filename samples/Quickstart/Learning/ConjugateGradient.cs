namespace Quickstart.Learning;

/// <summary>Solves symmetric positive definite linear equations step by step, each step nearer than the last.</summary>
/// <remarks>M. R. Hestenes and E. Stiefel, "Methods of conjugate gradients for solving linear systems", 1952, section 3.</remarks>
internal static class ConjugateGradient
{
    // A residual of 1e-4 beside targets of length 8: below that, rounding to floats says more than the equations do.
    private const float SolvedSquared = 1e-8f;

    /// <summary>Takes up to <paramref name="steps"/> steps from the given solution; stops early where nothing is left to solve.</summary>
    public static void Improve(RidgeSystem system, ReadOnlySpan<float> targets, Span<float> solution, int steps)
    {
        var product = new float[solution.Length];
        system.Multiply(solution, product);

        float[] residual = [.. targets];
        FixedLanes.AddScaled(residual, -1f, product);
        float[] direction = [.. residual];
        var residualSquared = FixedLanes.Dot(residual, residual);

        for (var step = 0; step < steps && residualSquared > SolvedSquared; step++)
        {
            system.Multiply(direction, product);
            var length = residualSquared / FixedLanes.Dot(direction, product);
            FixedLanes.AddScaled(solution, length, direction);
            FixedLanes.AddScaled(residual, -length, product);

            var previousSquared = residualSquared;
            residualSquared = FixedLanes.Dot(residual, residual);
            Turn(direction, residualSquared / previousSquared, residual);
        }
    }

    // The next direction: along the residual, and conjugate to all directions before.
    private static void Turn(Span<float> direction, float share, ReadOnlySpan<float> residual)
    {
        for (var i = 0; i < direction.Length; i++) direction[i] = residual[i] + (share * direction[i]);
    }
}
