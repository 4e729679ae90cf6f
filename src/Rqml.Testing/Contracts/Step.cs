using Xunit;

namespace Rqml.Testing.Contracts;

/// <summary>Waits for what has to come: a step that does not come fails its test by name instead of hanging it.</summary>
internal static class Step
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task Within(string step, Task task)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            Assert.Fail($"'{step}' did not come within {Limit.TotalSeconds} s.");
        }
    }

    public static async Task<T> Within<T>(string step, Task<T> task)
    {
        await Within(step, (Task)task);
        return await task;
    }
}
