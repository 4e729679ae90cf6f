namespace Rqml.Core.Tests;

/// <summary>A limit on how long a test waits for a step, and a name for the one that does not come.</summary>
internal static class TestStep
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task Of(string step, Task task)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"'{step}' did not come within {Limit.TotalSeconds} s.");
        }
    }

    public static async Task<T> Of<T>(string step, Task<T> task)
    {
        await Of(step, (Task)task);
        return await task;
    }
}
