namespace Rqml.AspNetCore.Tests;

/// <summary>Waits for what no task announces.</summary>
internal static class Condition
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Completes when it holds; names it where it never does.</summary>
    public static async Task HoldsAsync(string what, Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!holds())
        {
            if (limit.IsCancellationRequested) throw new TimeoutException($"'{what}' did not come to hold.");
            await Task.Yield();
        }
    }
}
