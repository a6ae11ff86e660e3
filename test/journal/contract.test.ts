import { storeContract } from './store-contract.js';
import { levelFixture, memoryFixture } from './store-fixture.js';

storeContract('journal over memory', memoryFixture);
storeContract('journal over LevelDB', () => levelFixture());
