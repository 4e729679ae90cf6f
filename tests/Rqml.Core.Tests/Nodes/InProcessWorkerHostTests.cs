using Microsoft.Extensions.DependencyInjection;
using Rqml.Core.Tests.Hosting;
using Rqml.Hosting;
using Rqml.Testing.Contracts;

namespace Rqml.Nodes;

public sealed class InProcessWorkerHostTests : WorkerHostContract
{
    private TestHost? _process;

    protected override async Task<IWorkerHost> CreateAsync()
    {
        _process = await TestHost.StartAsync(ContractClasses.AddTo);
        return new InProcessWorkerHost(_process.Services.GetRequiredService<RqmlHost>().Classes);
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_process is not null) await _process.DisposeAsync();
    }
}
