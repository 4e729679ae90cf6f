using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rqml.Extensions.AI.Tests;

/// <summary>A limit on how long a test waits for a step, and a name for the one that does not come.</summary>
internal static class Step
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task<T> Of<T>(string step, Task<T> task)
    {
        await Of(step, (Task)task);
        return await task;
    }

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

    /// <summary>Submits a task and waits for its end.</summary>
    public static async Task<RefinementResult<TArtifact>> EndAsync<TArtifact>(this IHost host, TaskClass<string, TArtifact> @class, string payload = "a letter", SubmitOptions? options = null)
    {
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(@class, payload, options);
        return await Of("completion", task.Completion);
    }
}
